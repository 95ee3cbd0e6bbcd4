"""Stores of objects by their URL: a directory (``file:///path``) or a bucket (``s3://bucket/prefix``), through obstore.

Credentials and endpoint of a bucket come from the environment's AWS variables, as every tool of that kind takes them;
``AWS_ENDPOINT_URL`` names another server than Amazon's.
"""

from vestige.objects.opening import Bucket, Folder, named, refused

__all__ = ["Bucket", "Folder", "named", "refused"]
