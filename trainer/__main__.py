"""`python -m trainer`."""

from trainer.surroundings import settle

settle()

from trainer.cli import main  # noqa: E402 - torch and the C library read the surroundings

if __name__ == "__main__":
    raise SystemExit(main())
