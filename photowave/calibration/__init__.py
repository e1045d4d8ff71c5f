"""What is measured on the training split and not learned step by step: scales, codebook, prior, free runs."""
