// Where the entries of a zip lie in its file, so that those stored as they are can be mapped.
//
// The zip library reads entries, and does not say where they are. This reads the directory at the file's end
// (zip64 too), as hostile input: entries lie in the file, before the directory, and no two share a byte.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/mapped_file.h"

namespace attnviz {

struct ZipEntry {
    std::string name;
    bool stored = false;                // as it is, neither compressed nor encrypted
    std::uint64_t begin = 0, size = 0;  // its bytes in the file; of a stored one
};

Result<std::vector<ZipEntry>> readZipLayout(const MappedFile& file, const std::string& where);

}  // namespace attnviz
