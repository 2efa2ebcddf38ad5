// make_model FAMILY FOLDER [--layers N] [--heads N] [--width N] [--positions N] [--vocab N] [--seed N]
//            [--dtype float32|float16]
//
// Writes a model folder of a family's shape with seeded random weights, as Hugging Face publishes it: for
// long texts and for timing, where the weights' meaning does not matter. Families: gpt2, bert. Without a
// tokenizer: run token ids.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/base/half.h"

namespace {

struct Shape {
    long layers = 12, heads = 12, width = 768, positions = 1024, vocabulary = 50257, seed = 1;
};

struct Tensor {
    std::string name;
    std::vector<long> shape;
    double mean, deviation;
    long count() const {
        long total = 1;
        for (const long size : shape) total *= size;
        return total;
    }
};

class Plan {
 public:
    void add(std::string name, std::vector<long> shape, double deviation, double mean = 0) {
        m_tensors.push_back({std::move(name), std::move(shape), mean, deviation});
    }
    void norm(const std::string& name, long width) {
        add(name + ".weight", {width}, 0.05, 1);
        add(name + ".bias", {width}, 0.02);
    }
    void linear(const std::string& name, std::vector<long> shape, long out) {
        add(name + ".weight", std::move(shape), 0.04);
        add(name + ".bias", {out}, 0.02);
    }
    void write(const std::filesystem::path& path, unsigned seed, bool half) const {
        std::string header = "{";
        long offset = 0;
        for (const auto& tensor : m_tensors) {
            std::string sizes;
            for (const long size : tensor.shape) sizes += (sizes.empty() ? "" : ",") + std::to_string(size);
            const long end = offset + tensor.count() * (half ? 2 : 4);
            header += (header.size() > 1 ? ",\"" : "\"") + tensor.name + R"(":{"dtype":")" +
                      (half ? "F16" : "F32") + R"(","shape":[)" + sizes + R"(],"data_offsets":[)" +
                      std::to_string(offset) + "," + std::to_string(end) + "]}";
            offset = end;
        }
        header += "}";
        header.append((8 - header.size() % 8) % 8, ' ');
        std::ofstream file(path, std::ios::binary);
        const std::uint64_t length = header.size();
        file.write(reinterpret_cast<const char*>(&length), sizeof length);
        file << header;
        // A cheap generator: the sum of four uniform numbers is near enough to normal.
        std::minstd_rand random(seed);
        std::vector<float> values;
        std::vector<std::uint16_t> halves;
        for (const auto& tensor : m_tensors) {
            values.resize(static_cast<std::size_t>(tensor.count()));
            for (float& value : values) {
                double sum = 0;
                for (int i = 0; i < 4; ++i)
                    sum += static_cast<double>(random()) / std::minstd_rand::max() - 0.5;
                value = static_cast<float>(tensor.mean + tensor.deviation * sum * std::sqrt(3.0));
            }
            if (half) {
                halves.resize(values.size());
                attnviz::halvesFromFloats(values, halves);
                file.write(reinterpret_cast<const char*>(halves.data()),
                           static_cast<std::streamsize>(halves.size() * sizeof(std::uint16_t)));
                continue;
            }
            file.write(reinterpret_cast<const char*>(values.data()),
                       static_cast<std::streamsize>(values.size() * sizeof(float)));
        }
        if (!file) {
            std::fprintf(stderr, "%s cannot be written\n", path.c_str());
            std::exit(1);
        }
    }

 private:
    std::vector<Tensor> m_tensors;
};

std::string makeGpt2(const Shape& shape, Plan& plan) {
    const long width = shape.width;
    plan.add("wte.weight", {shape.vocabulary, width}, 0.05);
    plan.add("wpe.weight", {shape.positions, width}, 0.05);
    for (long layer = 0; layer < shape.layers; ++layer) {
        const auto at = "h." + std::to_string(layer) + ".";
        plan.norm(at + "ln_1", width);
        plan.norm(at + "ln_2", width);
        plan.linear(at + "attn.c_attn", {width, 3 * width}, 3 * width);
        plan.linear(at + "attn.c_proj", {width, width}, width);
        plan.linear(at + "mlp.c_fc", {width, 4 * width}, 4 * width);
        plan.linear(at + "mlp.c_proj", {4 * width, width}, width);
    }
    plan.norm("ln_f", width);
    return R"({"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_layer": )" +
           std::to_string(shape.layers) + R"(, "n_head": )" + std::to_string(shape.heads) +
           R"(, "n_embd": )" + std::to_string(width) + R"(, "n_positions": )" +
           std::to_string(shape.positions) + R"(, "vocab_size": )" + std::to_string(shape.vocabulary) +
           R"(, "bos_token_id": 0, "eos_token_id": 0})";
}

std::string makeBert(const Shape& shape, Plan& plan) {
    const long width = shape.width;
    plan.add("bert.embeddings.word_embeddings.weight", {shape.vocabulary, width}, 0.05);
    plan.add("bert.embeddings.position_embeddings.weight", {shape.positions, width}, 0.05);
    plan.add("bert.embeddings.token_type_embeddings.weight", {2, width}, 0.05);
    plan.norm("bert.embeddings.LayerNorm", width);
    for (long layer = 0; layer < shape.layers; ++layer) {
        const auto at = "bert.encoder.layer." + std::to_string(layer) + ".";
        for (const auto* part : {"query", "key", "value"})
            plan.linear(at + "attention.self." + part, {width, width}, width);
        plan.linear(at + "attention.output.dense", {width, width}, width);
        plan.norm(at + "attention.output.LayerNorm", width);
        plan.linear(at + "intermediate.dense", {4 * width, width}, 4 * width);
        plan.linear(at + "output.dense", {width, 4 * width}, width);
        plan.norm(at + "output.LayerNorm", width);
    }
    return R"({"architectures": ["BertModel"], "model_type": "bert", "num_hidden_layers": )" +
           std::to_string(shape.layers) + R"(, "num_attention_heads": )" + std::to_string(shape.heads) +
           R"(, "hidden_size": )" + std::to_string(width) + R"(, "intermediate_size": )" +
           std::to_string(4 * width) + R"(, "max_position_embeddings": )" + std::to_string(shape.positions) +
           R"(, "vocab_size": )" + std::to_string(shape.vocabulary) +
           R"(, "type_vocab_size": 2, "hidden_act": "gelu"})";
}

}  // namespace

int main(int argc, char** argv) {
    const std::map<std::string, std::function<std::string(const Shape&, Plan&)>> families{{"gpt2", makeGpt2},
                                                                                          {"bert", makeBert}};
    Shape shape;
    const std::map<std::string, long*> options{
        {"--layers", &shape.layers},       {"--heads", &shape.heads},      {"--width", &shape.width},
        {"--positions", &shape.positions}, {"--vocab", &shape.vocabulary}, {"--seed", &shape.seed}};
    if (argc < 3 || !families.contains(argv[1])) {
        std::fprintf(
            stderr,
            "usage: make_model gpt2|bert FOLDER [--layers N] [--heads N] [--width N] [--positions N] "
            "[--vocab N] [--seed N] [--dtype float32|float16]\n");
        return 2;
    }
    bool half = false;
    for (int i = 3; i + 1 < argc; i += 2) {
        if (std::strcmp(argv[i], "--dtype") == 0) {
            half = std::strcmp(argv[i + 1], "float16") == 0;
            continue;
        }
        const auto option = options.find(argv[i]);
        if (option == options.end() || std::atol(argv[i + 1]) < 1) {
            std::fprintf(stderr, "unknown option or value: %s %s\n", argv[i], argv[i + 1]);
            return 2;
        }
        *option->second = std::atol(argv[i + 1]);
    }
    const std::filesystem::path folder = argv[2];
    std::filesystem::create_directories(folder);
    Plan plan;
    std::ofstream(folder / "config.json") << families.at(argv[1])(shape, plan) << "\n";
    plan.write(folder / "model.safetensors", static_cast<unsigned>(shape.seed), half);
    return 0;
}
