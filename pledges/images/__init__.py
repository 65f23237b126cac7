"""Pictures to share: of a promise, of the wall and of its count, drawn by a process beside this one; and QR codes."""
