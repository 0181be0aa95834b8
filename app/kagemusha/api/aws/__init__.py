"""AWS on the same port: EC2's PrivateLink actions and STS are ours, all else goes to an AWS emulator behind us.

Nothing here is imported before the first AWS call: `door` tells AWS requests from the others.
"""
