"""Reports: what the tables say, made to be looked at; in the terminal, and as one self-contained HTML page each."""
