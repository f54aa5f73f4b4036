"""How fast the service is, beside plain PyTorch on the same machine at the same time: make bench."""
