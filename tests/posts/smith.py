# "Building an Autoencoder for Generative Models", the code that the post prints. Changed: x_prime where it runs the
# function `decoder` in a session.
import tensorflow as tf
import numpy as np
import matplotlib.pyplot as plt
from tensorflow.examples.tutorials.mnist import input_data
mnist = input_data.read_data_sets("/tmp/data/", one_hot=True)

initializer = tf.contrib.layers.xavier_initializer()

def encoder(x):
    input_layer = tf.layers.dense(inputs=x, units=784, activation=tf.nn.relu,
                                  kernel_initializer=initializer, bias_initializer=initializer)
    z_prime = tf.layers.dense(inputs=input_layer, units=256, activation=tf.nn.relu,
                              kernel_initializer=initializer, bias_initializer=initializer)
    z = tf.layers.dense(inputs=z_prime, units=128, activation=tf.nn.relu,
                        kernel_initializer=initializer, bias_initializer=initializer)
    return z

def decoder(x):
    x_prime_one = tf.layers.dense(inputs=x, units=128, activation=tf.nn.relu,
                                  kernel_initializer=initializer, bias_initializer=initializer)
    x_prime_two = tf.layers.dense(inputs=x_prime_one, units=256, activation=tf.nn.relu,
                                  kernel_initializer=initializer, bias_initializer=initializer)
    output_layer = tf.layers.dense(inputs=x_prime_two, units=784, activation=tf.nn.relu,
                                   kernel_initializer=initializer, bias_initializer=initializer)
    return output_layer

input_dim = 784
learning_rate = 0.001
num_steps = 1000
batch_size = 256
display = 1

x = tf.placeholder("float", [None, input_dim])

# Construct the full autoencoder
z = encoder(x)
## x_prime represents our predicted distribution
x_prime = decoder(z)
# Define the loss function and the optimizer
loss = tf.reduce_mean(tf.pow(x - x_prime, 2))
optimizer = tf.train.RMSPropOptimizer(learning_rate).minimize(loss)

with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    # # Training Loop
    for i in range(1, num_steps + 1):
        # # Feed Batches of MNIST Data
        (batch_x, _) = mnist.train.next_batch(batch_size)
        # # Run the Optimization Process
        (_, l) = sess.run([optimizer, loss], feed_dict={x: batch_x})
        # # Display the loss at every 1000 out of 30,000 steps
        if i % display == 0 or i == 1:
            print 'Step %i: Loss: %f' % (i, l)

    n = 4
    canvas_orig = np.empty((28 * n, 28 * n))
    canvas_recon = np.empty((28 * n, 28 * n))
    for i in range(n):
        batch_x, _ = mnist.test.next_batch(n)
        # Encode and decode each individual written digit
        g = sess.run(x_prime, feed_dict={x: batch_x})
        # Display original images
        for j in range(n):
            # Draw the original digits
            canvas_orig[i * 28:(i + 1) * 28, j * 28:(j + 1) * 28] = batch_x[j].reshape([28, 28])
        # Display reconstructed images
        for j in range(n):
            # Draw the reconstructed digits
            canvas_recon[i * 28:(i + 1) * 28, j * 28:(j + 1) * 28] = g[j].reshape([28, 28])
    # Plot the original image vs the reconstructed images.
    print("Original Images")
    plt.figure(figsize=(n, n))
    plt.imshow(canvas_orig, origin="upper", cmap="gray")
    plt.show()
    print("Reconstructed Images")
    plt.figure(figsize=(n, n))
    plt.imshow(canvas_recon, origin="upper", cmap="gray")
    plt.show()
