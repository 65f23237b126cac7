"""How is your promise going? When its author is asked, and what the page of the promise shows of the answers."""
