"""Words are found by the databases' own full text, over tokens that we cut."""
