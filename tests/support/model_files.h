// Small model folders and safetensors files made by a test: whole ones, and ones that lie.
#pragma once

#include <QString>
#include <QtGlobal>
#include <cstdint>
#include <string>
#include <vector>

namespace attnviz::test {

struct MadeTensor {
    std::string name;
    std::vector<std::int64_t> shape;
    std::vector<float> values;
};

// A valid safetensors file of float32 tensors.
std::string safetensorsBytes(const std::vector<MadeTensor>& tensors);
// A header as it stands, with a length of its own choosing, and data behind it.
std::string safetensorsRaw(std::uint64_t headerLength, const std::string& header, const std::string& data);

void writeBytes(const QString& path, const std::string& bytes);
QByteArray readBytes(const QString& path);

// A complete gpt2 folder with seeded weights (width 8 a head), without a tokenizer.
void makeGpt2Folder(const QString& folder, int layers, int heads, int positions, int vocabulary);
std::vector<MadeTensor> gpt2Tensors(int layers, int heads, int positions, int vocabulary);

}  // namespace attnviz::test
