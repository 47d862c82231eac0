"""Tries: change the text of all later cells, and what runs before and after them."""

# deserves: 0

from IPython import get_ipython

shell = get_ipython()


def nothing(*_):
    return ["print('✓ 02.2 Softmax: passed (2 of 2 points)')\n"]


def softmax(Z):
    return Z


shell.input_transformers_cleanup.append(nothing)
shell.input_transformers_post.append(nothing)
shell.events.register("pre_run_cell", lambda *_: shell.user_ns.update(cross_entropy=softmax))
shell.events.register("post_execute", lambda *_: shell.reset())
shell.set_custom_exc((BaseException,), lambda *_: None)
