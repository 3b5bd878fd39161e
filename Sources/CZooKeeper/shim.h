#pragma once
#include <zookeeper/zookeeper.h>

// The ACL globals are mutable C globals, which Swift 6 refuses to read: these return them as constants.
static inline const struct ACL_vector *czk_acl_open_unsafe(void) { return &ZOO_OPEN_ACL_UNSAFE; }
static inline const struct ACL_vector *czk_acl_read_unsafe(void) { return &ZOO_READ_ACL_UNSAFE; }
static inline const struct ACL_vector *czk_acl_creator_all(void) { return &ZOO_CREATOR_ALL_ACL; }
