"""The wall in other people's pages: the element and its script, the frame, the fragment, and oEmbed."""
