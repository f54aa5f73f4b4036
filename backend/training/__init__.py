"""Labels and files: data → train → calibrate → evaluate, each verb a `python -m backend.training.…`."""
