"""From screen to screen, as the pictures of the README show them: {name of a picture: what to press for it}."""


async def runs(driver):
    await driver.press("alt+1")
    await driver.shows("tales-lstm", "complete")
    for _ in range(2):  # the newest two of a kind lie over each other
        await driver.press("space")
    await driver.shows("held-out loss")


async def train(driver):
    await driver.press("alt+2")
    await driver.shows("seqterm train lstm tales")


async def live(driver):
    await driver.press("alt+1")
    await driver.shows("wend-lstm")
    await driver.press("enter")
    await driver.shows("459 of 459", "complete")


async def playground(driver):
    await driver.press("alt+3")
    await driver.shows("How does the text begin")
    await driver.press("escape", "o")
    await driver.shows("dialogues-gru")
    await driver.type("tales-lstm")
    await driver.press("enter")
    await driver.type("The queen \n")
    await driver.shows("120 tokens")
    await driver.press("tab", "tab", *["left"] * 4)  # the temperature
    await driver.shows("330 tokens", seconds=60)
    await driver.press("space")
    await driver.shows("paused")


async def neurons(driver):
    await driver.press("alt+4")
    await driver.press("f")
    await driver.shows("dialogues")
    await driver.type("letters\n")
    await driver.shows("of unit")
    await driver.press("slash")
    await driver.type("line-position\n")
    await driver.shows("0.")
    await driver.press("enter")


async def surprise(driver):
    await driver.press("alt+5")
    await driver.press("f")
    await driver.shows("dialogues")
    await driver.type("letters\n")
    await driver.shows("Most surprising")
    await driver.press("n")


async def words(driver):
    await driver.press("alt+6")
    await driver.shows("Type a word")
    await driver.type("king:queen duke bread flour butter river sea ship horse cart\n")
    await driver.shows("variance")


async def sequences(driver):
    await driver.press("alt+7")
    await driver.shows("wend-hmm")
    await driver.press("slash")
    await driver.type("the king rode out of the town\n")
    await driver.shows("▁")


TOUR = {step.__name__: step for step in (runs, train, live, playground, neurons, surprise, words, sequences)}
