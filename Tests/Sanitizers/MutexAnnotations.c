// Tells the thread sanitizer of the contended way through Swift's Mutex.
//
// The uncontended way is inlined into our code and therefore instrumented: the sanitizer sees its atomic operations. The
// contended one ends in the Synchronization library, which is not instrumented, and in the kernel's futex, which the
// sanitizer does not intercept: it misses that one thread's unlocking comes before the other's locking, and takes
// whatever the mutex guards for a race. These two functions stand before the library's own of the same name and add
// just that order, on that mutex. Nothing is suppressed.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SWIFT_CALL __attribute__((swiftcall))
#define SWIFT_SELF __attribute__((swift_context))

void __tsan_acquire(void *address);
void __tsan_release(void *address);

typedef SWIFT_CALL void (*lock_function)(uint32_t thread, SWIFT_SELF void *mutex);
typedef SWIFT_CALL void (*unlock_function)(SWIFT_SELF void *mutex);

SWIFT_CALL void lock_slowly(uint32_t thread, SWIFT_SELF void *mutex) __asm__(LOCK);
SWIFT_CALL void unlock_slowly(SWIFT_SELF void *mutex) __asm__(UNLOCK);

static lock_function library_lock;
static unlock_function library_unlock;

static void *find(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) {
        fprintf(stderr, "error: the Synchronization library has no %s; correct MutexAnnotations.c\n", name);
        abort();
    }
    return function;
}

__attribute__((constructor)) static void find_library_functions(void) {
    library_lock = (lock_function)find(LOCK);
    library_unlock = (unlock_function)find(UNLOCK);
}

SWIFT_CALL void lock_slowly(uint32_t thread, SWIFT_SELF void *mutex) {
    library_lock(thread, mutex);
    __tsan_acquire(mutex);
}

SWIFT_CALL void unlock_slowly(SWIFT_SELF void *mutex) {
    __tsan_release(mutex);
    library_unlock(mutex);
}
