"""PneumoNet: reads a chest radiograph and says what it sees, how sure it is, and where it looked."""

__version__ = "1.0.0"
