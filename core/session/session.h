// A saved session: one run, how it was looked at, and what its owner wrote beside it.
//
// Opens without the model, without LibTorch and without a network. Keys that we do not know are kept.
#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "core/attention/attention_run.h"
#include "core/base/byte_sink.h"
#include "core/base/progress.h"
#include "core/base/result.h"

namespace attnviz {

enum class SessionEncoding { automatic, nested, float16, float32, factoredFloat16, factoredFloat32 };

struct Session {
    std::shared_ptr<const AttentionRun> run;
    std::string view;  // raw JSON of "view"; empty if none
    std::string notes;
    std::string created;  // ISO 8601, UTC
    std::string generator;
    SessionEncoding encoding = SessionEncoding::automatic;  // as read
    bool foreign = false;  // no session of ours: the predecessor's export, a bare list, an npz
    std::vector<std::pair<std::string, std::string>> unknownKeys;  // name and raw JSON text, in their order
};

// Opens our sessions (.attn.json, .json.gz) and every foreign form (JSON, npz, npy, safetensors). By content
// first, then by suffix.
Result<Session> openSession(const std::filesystem::path& path, const ProgressSink& progress = {},
                            std::stop_token stop = {});

struct SessionWriteOptions {
    SessionEncoding encoding = SessionEncoding::automatic;
    bool includeMetadata = true;  // model, created, generator
    bool gzip = false;
    int indent = 0;
};

// Writes the session (a superset of the predecessor's export). `statistics` are computed here.
Result<void> writeSession(const Session& session, const SessionWriteOptions& options, ByteSink& sink,
                          std::stop_token stop = {});
// Whole or not at all; gzip by the name's suffix.
Result<void> saveSession(const Session& session, const std::filesystem::path& path,
                         SessionWriteOptions options = {}, std::stop_token stop = {});

}  // namespace attnviz
