"""`python -m seqterm`."""

from seqterm.cli.main import main

if __name__ == "__main__":
    main()
