"""A user's own network and data: any ``torch.nn.Module``, what a trial run says of it, and its data
file.
"""
