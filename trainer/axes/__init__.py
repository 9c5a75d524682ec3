"""The axes: one file each; a value of an axis is one small frozen class whose fields are its hyperparameters.

Its fields make the form, the API and the documentation; its methods are the mathematics. No file here imports torch at
module level, and axis files know nothing of each other: `trainer/loop.py` alone knows all.
"""
