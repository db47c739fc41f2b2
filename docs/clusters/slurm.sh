#!/bin/bash
# One shard of a class for each task: sbatch --array=1-8 slurm.sh SUBMISSIONS SEED
#SBATCH --job-name=autograder
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=04:00:00
#SBATCH --requeue
set -eu
submissions=$1 seed=$2
shard=$SLURM_ARRAY_TASK_ID
cd "${COURSE:-$SLURM_SUBMIT_DIR}"
# --resume: a task that was moved to another node goes on
exec .venv/bin/autograder grade "$submissions" -o "shards/$shard" --jobs 2 --resume \
    --shard "$shard/$SLURM_ARRAY_TASK_COUNT" --seed "$seed"
