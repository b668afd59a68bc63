"""The generator's pure core: seeds to code, code to edited code, edits to truth. Nothing here touches a disk."""
