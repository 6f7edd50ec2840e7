"""What each function may do on AWS: its policy as pure data, and the evaluation of policies as IAM does it."""
