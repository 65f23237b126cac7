"""Letters are owed in the transaction of what they tell of."""
