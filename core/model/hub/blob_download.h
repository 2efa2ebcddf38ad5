// One file of the hub, downloaded into the cache's blobs: resumed where an earlier download ended, checked
// against its hash, and there whole or not at all.
//
// A server that ignores ranges costs a restart, one that breaks off a new attempt from where it broke off; a
// hash that does not fit after a resumption costs one restart from nothing, and is an Error after that. What
// has come stays on disk when a download is stopped or fails for lack of network or space.
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>

#include "core/model/hub/hub_connection.h"

namespace attnviz {

// `have` is told how many bytes are there, of which a resumed download begins with more than none. The caller
// holds the blob's lock.
Result<void> downloadBlob(HubConnection& hub, const HubName& name, const RemoteFile& file,
                          const std::filesystem::path& blob, const std::function<void(std::int64_t)>& have,
                          std::stop_token stop);

}  // namespace attnviz
