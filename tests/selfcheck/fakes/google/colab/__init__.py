"""A fake of Colab's package: what its front end would answer is named by environment variables.

`FAKE_COLAB_PAGE` names the notebook in the page, `FAKE_COLAB_CHOSEN` the file that a person uploads. Without
the first the front end does not answer, without the second the person chooses none.
"""
