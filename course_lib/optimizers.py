"""AdamW as TensorFlow computes it fastest.

Importing this module imports Keras, since its class is one of Keras: call `runtime.start` first.
Import it before you load a saved model that was compiled with it: that is how Keras learns of the class.
"""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("course_lib")
class FusedAdamW(keras.optimizers.AdamW):
    """The steps of keras.optimizers.AdamW, with one operation for each variable and one for its decay.

    Keras writes a step as some twenty operations for each variable, of which several go through all of its numbers.

    Args:
        *args: as for keras.optimizers.AdamW.
        **kwargs: as for keras.optimizers.AdamW.
    Raises:
        ValueError: `amsgrad`, for which there is no such operation, is asked for.
    Source: Loshchilov & Hutter (2019), arXiv:1711.05101; TensorFlow, `ResourceApplyAdam`.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.amsgrad:
            raise ValueError("FusedAdamW: expected amsgrad=False: keras.optimizers.AdamW has it.")

    def update_step(self, gradient, variable, learning_rate):
        i = self._get_variable_index(variable)
        var, m, v = map(_resource, (variable, self._momentums[i], self._velocities[i]))
        step = tf.cast(_resource(self.iterations) + 1, var.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=var.handle,
            m=m.handle,
            v=v.handle,
            grad=tf.cast(tf.convert_to_tensor(gradient), var.dtype),
            lr=tf.cast(learning_rate, var.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            beta1_power=tf.pow(tf.cast(self.beta_1, var.dtype), step),
            beta2_power=tf.pow(tf.cast(self.beta_2, var.dtype), step),
            epsilon=self.epsilon,
        )

    def _apply_weight_decay(self, variables):
        for variable in variables:
            if self._use_weight_decay(variable):
                var = _resource(variable)
                share = tf.cast(self.learning_rate, var.dtype) * self.weight_decay
                tf.raw_ops.ResourceApplyGradientDescent(var=var.handle, alpha=share, delta=var)


def _resource(variable):
    """TensorFlow's variable, of Keras's."""
    return variable.value if isinstance(variable, keras.Variable) else variable
