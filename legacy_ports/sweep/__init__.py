"""Many runs: the plan, the workers, what they came to, and the band for anybody's training. Imports no TensorFlow."""
