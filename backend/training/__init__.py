"""Labels and files: data → train → calibrate → evaluate, each run by hand as `python -m backend.training.<verb>`."""
