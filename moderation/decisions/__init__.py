"""What a person decides is made, shown or hidden, told, and can be taken back."""
