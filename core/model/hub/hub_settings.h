// Where the Hugging Face cache lies and how its hub may be reached: what the environment says, read with the
// precedence of `huggingface_hub` (constants.py), so that this program and Python always mean the same place.
//
// Cache: HF_HUB_CACHE, then HUGGINGFACE_HUB_CACHE, then "hub" in HF_HOME, which is "huggingface" in
// XDG_CACHE_HOME or ~/.cache; "~" and "$NAME" are expanded, and what is set counts even when it is empty.
// Endpoint: HF_ENDPOINT. Token: HF_TOKEN, then HUGGING_FACE_HUB_TOKEN, then the file HF_TOKEN_PATH (default:
// "token" in HF_HOME); none with HF_HUB_DISABLE_IMPLICIT_TOKEN. Offline: HF_HUB_OFFLINE, else
// TRANSFORMERS_OFFLINE. Links: HF_HUB_DISABLE_SYMLINKS. Waiting: HF_HUB_ETAG_TIMEOUT,
// HF_HUB_DOWNLOAD_TIMEOUT. DO_NOT_TRACK, HF_HUB_DISABLE_TELEMETRY and DISABLE_TELEMETRY: the hub learns no
// version. NO_COLOR is the terminal's.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/base/result.h"

namespace attnviz {

// A secret that has one use: the header of a request to the endpoint. It is never printed, compared or kept
// elsewhere, so that no log, session or export can hold it.
class HubToken {
 public:
    HubToken() = default;
    // Line ends and outer blanks are dropped, as huggingface_hub does.
    explicit HubToken(std::string text);

    bool empty() const { return m_secret.empty(); }
    // "Authorization: Bearer …"; an Error (without the token) if it holds what no header may hold.
    Result<std::string> header() const;

 private:
    std::string m_secret;
};

struct HubSettings {
    std::filesystem::path cache;      // absolute
    std::string endpoint;             // without a slash at its end
    HubToken environmentToken;        // of HF_TOKEN or HUGGING_FACE_HUB_TOKEN
    std::filesystem::path tokenFile;  // read by hubToken() where the environment has none
    bool sendToken = true;
    bool offline = false;
    bool links = true;       // snapshots are made of symbolic links
    bool anonymous = false;  // tell the hub no version
    std::chrono::seconds answerTimeout{10}, dataTimeout{10};
    std::chrono::milliseconds retryDelay{1000};  // before the second attempt; doubles
};

// The value of a variable, or nothing where it is not set.
using Variables = std::function<std::optional<std::string>(const std::string& name)>;
Variables processVariables();

HubSettings hubSettings(const Variables& variables = processVariables());

// What is sent to the endpoint; empty where nothing is. A token file that is not there is no error.
HubToken hubToken(const HubSettings& settings);

}  // namespace attnviz
