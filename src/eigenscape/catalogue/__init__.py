"""What a study makes: its figures with their captions, what a configuration leaves out, and how
each result is made again.
"""
