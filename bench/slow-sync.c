/*
 * A disk whose syncs take 3 ms, as a good network disk's do: preloaded into
 * workerd, it delays fsync and fdatasync and leaves all else alone. Local NVMe
 * is fast enough to hide a commit for every request; production disks are not.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

static void wait_for_disk(void)
{
    const struct timespec sync_time = {0, 3 * 1000 * 1000};
    nanosleep(&sync_time, NULL);
}

int fsync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    wait_for_disk();
    return real(fd);
}

int fdatasync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    wait_for_disk();
    return real(fd);
}
