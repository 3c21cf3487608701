"""The 2017 Transformer from English to French: data, training, what it looked at along the way, metrics and card."""
