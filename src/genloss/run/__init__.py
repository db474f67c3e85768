"""Running studies: one block of chains, what it keeps, all blocks here or in workers.

task           the unit of work: one block of one run
job            what an executor runs: a task, or work of another sort
setup          a block made ready: reality, learner, rows; for the runner and for the planner
block          one block of chains from its last checkpoint to the end
recorder       what becomes of a generation
threads        the threads that a block's networks compute on
events         what happens meanwhile, as values
memory         a study measured without a folder
other_machine  whether a run may go on here
importable     classes that other processes cannot import
executors      where tasks run: here, or in processes
runner         all blocks of several studies
schedule       which task begins next, and what follows from a failure
sweep          all cells of a sweep; one that fails does not end the others
sweep_files    the files of a sweep that are no runs, verified
cell_logs      a log file for each cell of a sweep
progress_file  where work is, as a file that others can read
controls       which controls are run with some studies, and where
continuing     a run folder with more chains or generations
disk           whether what runs will write fits
measured       what was measured since one last looked
tensorboard    a sink that passes numbers on
shared         runs over a bucket, for drivers and workers
opening        a run's folder, from its first task to its last
checkpoint     what a resume needs
inputs         whether inputs are what they were when the run began
kept_parts     what stays on disk of a generation
tally          who counts it
pace           what the rest takes, at the speed of each kind of model
watch          who reports it
"""
