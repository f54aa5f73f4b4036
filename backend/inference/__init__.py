"""Pixels and tensors: from untrusted bytes to an explained, calibrated answer. Knows nothing of HTTP."""
