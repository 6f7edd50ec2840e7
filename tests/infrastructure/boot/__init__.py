"""Every function, booted as Lambda boots it: by awslambdaric, from the trees it is deployed with and nothing else."""
