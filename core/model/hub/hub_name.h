// What a model of the hub is called: "name" or "org/name", with "@revision" where it is not the main branch.
//
// Names become folders and addresses, so only what the hub itself allows is one: letters, digits, "-", "_"
// and "." in at most two parts of at most 96 characters, neither "--" nor "..", no "-" or "." at an end of
// the whole, no ".git" (`validate_repo_id` of huggingface_hub). A revision is a branch, a tag, a commit or
// the beginning of one, as git allows them.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace attnviz {

struct HubName {
    std::string repository;         // "org/name"
    std::string revision = "main";  // "main", "refs/pr/1", "v1.0", 40 hexadecimal digits, or some of them

    std::string text() const;        // as a person types it: without "@main"
    std::string folderName() const;  // "models--org--name"
};

// An Error says why `text` is none; whatever else it is (a path) is not this function's business.
Result<HubName> parseHubName(std::string_view text);

// The name that a cache's folder stands for; an Error if it stands for no model.
Result<std::string> repositoryOfFolder(std::string_view folderName);

// 40 hexadecimal digits in lower case.
bool isCommitHash(std::string_view text);
// One part of a path that leads nowhere else: commits and refs out of files become folder names.
bool isPlainName(std::string_view text);

}  // namespace attnviz
