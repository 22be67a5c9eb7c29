# "Visualizing Autoencoder Reconstruction", the code that the post prints. Added: the scope's name, which it leaves out.
import tensorflow as tf

name = 'autoencoder'


def autoencoder(x, output_size, outer_size=500, inner_size=100):
    with tf.variable_scope(name):
        encoder = tf.layers.dense(x, outer_size, name='encoder')
        code = tf.layers.dense(encoder, inner_size, name='code')
        decoder = tf.layers.dense(code, outer_size, name='decoder')
        output = tf.layers.dense(decoder, output_size, name='output')
        return output


mnist = tf.contrib.learn.datasets.load_dataset('mnist')
example_fig = [mnist.train.images[10]]

learning_rate = 0.001
input_size = 28*28
batch_size = 100
steps = 2000
save_every = 100

x = tf.placeholder(tf.float32, [None, input_size], name='input')
output = autoencoder(x, input_size)
loss = tf.losses.mean_squared_error(x, output)
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)

with tf.Session() as sess:
    init = tf.global_variables_initializer()
    sess.run(init)
    for i in range(1, steps+1):
        batch, _ = mnist.train.next_batch(batch_size)
        _, l = sess.run([train_op, loss], feed_dict={x: batch})
        if i % save_every == 0:
            print('Training loss at step {0}: {1}'.format(i, l))
            result = sess.run([output], feed_dict={x: example_fig})
