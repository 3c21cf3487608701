"""What models that compare are given: several images and several texts."""
