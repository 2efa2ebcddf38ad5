#include "tests/support/model_files.h"

#include <QDir>
#include <QFile>
#include <cstring>
#include <random>

namespace attnviz::test {

std::string safetensorsRaw(std::uint64_t headerLength, const std::string& header, const std::string& data) {
    std::string bytes(8, '\0');
    for (int i = 0; i < 8; ++i)
        bytes[static_cast<std::size_t>(i)] = static_cast<char>(headerLength >> (8 * i));
    return bytes + header + data;
}

std::string safetensorsBytes(const std::vector<MadeTensor>& tensors) {
    std::string header = "{", data;
    for (const auto& tensor : tensors) {
        if (header.size() > 1) header += ",";
        std::string shape;
        for (const auto size : tensor.shape) shape += (shape.empty() ? "" : ",") + std::to_string(size);
        const auto begin = data.size();
        data.append(reinterpret_cast<const char*>(tensor.values.data()),
                    tensor.values.size() * sizeof(float));
        header += "\"" + tensor.name + "\":{\"dtype\":\"F32\",\"shape\":[" + shape + "],\"data_offsets\":[" +
                  std::to_string(begin) + "," + std::to_string(data.size()) + "]}";
    }
    header += "}";
    return safetensorsRaw(header.size(), header, data);
}

void writeBytes(const QString& path, const std::string& bytes) {
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) ||
        file.write(bytes.data(), static_cast<qint64>(bytes.size())) != static_cast<qint64>(bytes.size()))
        qFatal("a test could not write %s", qPrintable(path));
}

QByteArray readBytes(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

std::vector<MadeTensor> gpt2Tensors(int layers, int heads, int positions, int vocabulary) {
    std::mt19937 random(7);
    std::normal_distribution<float> normal(0.0F, 0.3F);
    std::vector<MadeTensor> tensors;
    const std::int64_t width = 8 * heads;
    const auto add = [&](const std::string& name, std::vector<std::int64_t> shape) {
        std::int64_t count = 1;
        for (const auto size : shape) count *= size;
        MadeTensor tensor{name, std::move(shape), {}};
        for (std::int64_t i = 0; i < count; ++i) tensor.values.push_back(normal(random));
        tensors.push_back(std::move(tensor));
    };
    add("wte.weight", {vocabulary, width});
    add("wpe.weight", {positions, width});
    for (int layer = 0; layer < layers; ++layer) {
        const auto prefix = "h." + std::to_string(layer) + ".";
        for (const auto* norm : {"ln_1", "ln_2"}) {
            add(prefix + norm + ".weight", {width});
            add(prefix + norm + ".bias", {width});
        }
        add(prefix + "attn.c_attn.weight", {width, 3 * width});
        add(prefix + "attn.c_attn.bias", {3 * width});
        add(prefix + "attn.c_proj.weight", {width, width});
        add(prefix + "attn.c_proj.bias", {width});
        add(prefix + "mlp.c_fc.weight", {width, 4 * width});
        add(prefix + "mlp.c_fc.bias", {4 * width});
        add(prefix + "mlp.c_proj.weight", {4 * width, width});
        add(prefix + "mlp.c_proj.bias", {width});
    }
    add("ln_f.weight", {width});
    add("ln_f.bias", {width});
    return tensors;
}

void makeGpt2Folder(const QString& folder, int layers, int heads, int positions, int vocabulary) {
    QDir().mkpath(folder);
    writeBytes(folder + "/config.json", R"({"model_type": "gpt2", "n_layer": )" + std::to_string(layers) +
                                            R"(, "n_head": )" + std::to_string(heads) + R"(, "n_embd": )" +
                                            std::to_string(8 * heads) + R"(, "n_positions": )" +
                                            std::to_string(positions) + R"(, "vocab_size": )" +
                                            std::to_string(vocabulary) + "}");
    writeBytes(folder + "/model.safetensors",
               safetensorsBytes(gpt2Tensors(layers, heads, positions, vocabulary)));
}

}  // namespace attnviz::test
