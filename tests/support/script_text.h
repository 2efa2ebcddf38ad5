// TorchScript archives whose forward pass is written down in a test: no LibTorch is needed to make one.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/atomic_file.h"
#include "core/exporting/zip_writer.h"

namespace attnviz::test {

// `forward` is a method of a module without weights, indented by two spaces: "  def forward(self: …):\n …".
inline Result<void> writeScript(const std::filesystem::path& path, const std::string& forward) {
    auto file = AtomicFile::create(path);
    if (!file) return file.error();
    // What torch.jit.save writes for an empty module in evaluation mode.
    const std::string data(
        "\x80\x02"
        "c__torch__\nMade\nq\x00)\x81}(X\x08\x00\x00\x00trainingq\x01\x89ubq\x02.",
        45);
    const std::string code =
        "class Made(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n" + forward;
    ZipWriter zip(**file);
    for (const auto& [name, bytes] : {std::pair<std::string, std::string>{"made/data.pkl", data},
                                      {"made/code/__torch__.py", code},
                                      {"made/constants.pkl", std::string("\x80\x02).", 4)},
                                      {"made/version", "3\n"}}) {
        if (auto begun = zip.begin(name, bytes.size(), ZipWriter::Method::stored); !begun) return begun;
        if (auto written = zip.write(bytes); !written) return written;
        if (auto ended = zip.end(); !ended) return ended;
    }
    if (auto finished = zip.finish(); !finished) return finished;
    return (*file)->commit();
}

}  // namespace attnviz::test
