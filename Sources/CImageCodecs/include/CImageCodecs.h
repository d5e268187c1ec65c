// Declarations of the image codec shims.
