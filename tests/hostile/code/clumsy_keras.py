"""Tries: nothing bad: take Keras's function, and return its tensor."""

# deserves: 2

import keras


def softmax(Z):
    return keras.ops.softmax(keras.ops.convert_to_tensor(Z - Z.max(axis=1, keepdims=True)), axis=1)
