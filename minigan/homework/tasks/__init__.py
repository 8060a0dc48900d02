"""What an assignment is: its folder, how it is cut from minigan's source, and how a new one begins."""
