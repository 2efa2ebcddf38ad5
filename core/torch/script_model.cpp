#include "core/torch/script_model.h"

#include <torch/csrc/api/include/torch/version.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <filesystem>

#include "core/attention/storage_plan.h"
#include "core/base/half.h"
#include "core/base/readable.h"
#include "core/base/system_memory.h"
#include "core/model/script_file.h"
#include "core/session/visibility_guess.h"

namespace attnviz {

const FamilyInfo kScriptFamily{"custom", "TorchScript module (with --allow-code)", "any *.pt with its code",
                               "as it returns them"};

namespace {

using c10::IValue;
using c10::TypeKind;

constexpr std::size_t kLongestReason = 300;

enum class Argument { ids, mask, segments, fallback };
struct Parameter {
    Argument argument = Argument::ids;
    IValue fallback;
};

// What went wrong, of all that the interpreter tells: the last line, without the exception's type.
std::string reasonOf(const std::string& text) {
    auto end = text.find_last_not_of(" \n\r\t");
    if (end == std::string::npos) return "no reason is given";
    const auto start = text.find_last_of('\n', end);
    std::string line = text.substr(start == std::string::npos ? 0 : start + 1, end - start);
    if (const auto type = line.find("Error: "); type != std::string::npos && type < 40)
        line.erase(0, type + 7);
    if (line.size() > kLongestReason) line = line.substr(0, kLongestReason) + "…";
    return harmless(line);
}

// The script's exceptions, and LibTorch's, become Errors.
template <class Work>
std::optional<Error> guardScript(const std::string& what, const std::string& where, const std::string& hint,
                                 Work work) {
    try {
        work();
        return std::nullopt;
    } catch (const std::bad_alloc&) {
        return outOfMemory("not enough memory", where, "Shorten the text.");
    } catch (const c10::Error& caught) {
        return badInput(what + ": " + reasonOf(caught.what_without_backtrace()), where, hint);
    } catch (const std::exception& caught) {
        return badInput(what + ": " + reasonOf(caught.what()), where, hint);
    } catch (...) {
        return badInput(what, where, hint);
    }
}

bool takesTensor(const c10::TypePtr& type) {
    if (type->kind() == TypeKind::OptionalType)
        return type->castRaw<c10::OptionalType>()->getElementType()->kind() == TypeKind::TensorType;
    return type->kind() == TypeKind::TensorType;
}

Result<std::vector<Parameter>> parametersOf(const c10::FunctionSchema& schema, const std::string& where) {
    const std::string hint =
        "It has to take input_ids, and may take attention_mask and token_type_ids; all else needs a default.";
    const auto& arguments = schema.arguments();
    if (arguments.size() < 2 || !takesTensor(arguments[1].type()))
        return badInput("the script's forward takes no tensor of token ids", where, hint);
    std::vector<Parameter> parameters{{Argument::ids, {}}};
    for (std::size_t i = 2; i < arguments.size(); ++i) {
        const auto& argument = arguments[i];
        const bool tensor = takesTensor(argument.type());
        if (tensor && argument.name() == "attention_mask")
            parameters.push_back({Argument::mask, {}});
        else if (tensor && argument.name() == "token_type_ids")
            parameters.push_back({Argument::segments, {}});
        else if (argument.default_value())
            parameters.push_back({Argument::fallback, *argument.default_value()});
        else if (argument.type()->kind() == TypeKind::OptionalType)
            parameters.push_back({Argument::fallback, IValue()});
        else
            return badInput(
                "the script's forward asks for '" + harmless(argument.name()) + "', which cannot be given",
                where, hint);
    }
    return parameters;
}

bool isMap(const IValue& value) {
    return value.isTensor() && value.toTensor().defined() && value.toTensor().dim() == 4;
}

std::vector<IValue> elementsOf(const IValue& value) {
    if (value.isTuple()) return value.toTupleRef().elements().vec();
    if (value.isTensorList() || value.isList()) return value.toList().vec();
    return {};
}

// The list of maps in what a script returns, wherever it stands: alone, by name, or as the one element that
// is a list of maps. Empty if there is none.
std::vector<IValue> attentionsIn(const IValue& value) {
    if (value.isGenericDict()) {
        const auto dict = value.toGenericDict();
        if (dict.keyType()->kind() != TypeKind::StringType) return {};
        const auto found = dict.find(std::string("attentions"));
        return found == dict.end() ? std::vector<IValue>() : elementsOf(found->value());
    }
    const auto elements = elementsOf(value);
    if (value.isTuple())
        if (const auto schema = value.toTupleRef().type()->schema())
            for (std::size_t i = 0; i < elements.size() && i < schema->arguments().size(); ++i)
                if (schema->arguments()[i].name() == "attentions") return elementsOf(elements[i]);
    for (const auto& element : elements) {
        const auto inner = elementsOf(element);
        if (!inner.empty() && std::all_of(inner.begin(), inner.end(), isMap)) return inner;
    }
    return elements;
}

std::string shapeOf(const at::Tensor& tensor) {
    std::string text;
    for (const auto size : tensor.sizes()) text += (text.empty() ? "" : ", ") + std::to_string(size);
    return "(" + text + ")";
}

class ScriptModel final : public Model {
 public:
    ScriptModel(torch::jit::Module module, std::vector<Parameter> parameters, at::Device device,
                std::string where, ModelInfo info)
        : m_module(std::move(module)),
          m_parameters(std::move(parameters)),
          m_device(device),
          m_where(std::move(where)),
          m_info(std::move(info)) {}

    const ModelInfo& info() const override { return m_info; }

    // What it will return is known once it has.
    StoragePlan estimate(const ModelInput&, const RunOptions& options) const override {
        return planStorage({}, m_info.weightBytes, availableMemoryBytes(), StorageForm::dense,
                           options.precision);
    }

    Result<ModelOutput> run(const ModelInput& input, const RunOptions& options, const RunListener& listener,
                            std::stop_token stop) override {
        if (auto checked = check(input, options); !checked) return checked.error();
        if (stop.stop_requested()) return cancelled();
        if (listener.progress)
            listener.progress({"Running the script, which cannot be stopped before it ends", -1});
        std::vector<IValue> maps;
        const at::NoGradGuard noGrad;
        if (auto error = guardScript("the script failed", m_where, {}, [&] {
                torch::jit::setGraphExecutorOptimize(false);  // no compiling anew for every length
                maps = attentionsIn(m_module.forward(argumentsFor(input)));
            }))
            return *error;
        if (stop.stop_requested()) return cancelled();
        if (listener.progress) listener.progress({"Checking what the script returned", -1});
        Result<ModelOutput> output = cancelled();
        if (auto error = guardScript("what the script returned cannot be read", m_where, {},
                                     [&] { output = outputOf(maps, input, options, stop); }))
            return *error;
        return output;
    }

 private:
    bool asksFor(Argument argument) const {
        return std::any_of(m_parameters.begin(), m_parameters.end(),
                           [&](const Parameter& parameter) { return parameter.argument == argument; });
    }

    Result<void> check(const ModelInput& input, const RunOptions& options) const {
        if (options.storage == StorageForm::factored)
            return unsupported("a script returns maps, not the queries and keys they are made of",
                               "--storage", "Leave it out, or give dense.");
        if (input.ids.empty()) return badInput("there is no token to run");
        for (std::size_t i = 0; i < input.ids.size(); ++i)
            if (input.ids[i] < 0)
                return badInput("token " + std::to_string(i) + " has the id " + std::to_string(input.ids[i]));
        const auto given = [](const std::vector<std::int64_t>& values, std::int64_t usual) {
            return std::any_of(values.begin(), values.end(), [&](auto value) { return value != usual; });
        };
        if (given(input.attentionMask, 1) && !asksFor(Argument::mask))
            return badInput("the script takes no attention_mask", m_where, "Leave the mask out.");
        if (given(input.segmentIds, 0) && !asksFor(Argument::segments))
            return badInput("the script takes no token_type_ids", m_where, "Leave the segments out.");
        return {};
    }

    std::vector<IValue> argumentsFor(const ModelInput& input) const {
        const auto tensor = [&](const std::vector<std::int64_t>& values, std::int64_t usual) {
            return (values.empty() ? at::full({static_cast<std::int64_t>(input.ids.size())}, usual, at::kLong)
                                   : at::tensor(values, at::kLong))
                .unsqueeze(0)
                .to(m_device);  // (1, N)
        };
        std::vector<IValue> arguments;
        for (const auto& parameter : m_parameters) switch (parameter.argument) {
                case Argument::ids:
                    arguments.emplace_back(tensor(input.ids, 0));
                    break;
                case Argument::mask:
                    arguments.emplace_back(tensor(input.attentionMask, 1));
                    break;
                case Argument::segments:
                    arguments.emplace_back(tensor(input.segmentIds, 0));
                    break;
                case Argument::fallback:
                    arguments.push_back(parameter.fallback);
                    break;
            }
        return arguments;
    }

    // One map, checked against the text and the maps before it.
    Result<void> checkMap(const IValue& value, std::size_t layer, const WeightBlock& block) const {
        const std::string name = "element " + std::to_string(layer) + " of what the script returned";
        const std::string tokens = std::to_string(block.queries);
        const std::string hint = "It has to return one (1, heads, query, key) a layer.";
        if (!value.isTensor() || !value.toTensor().defined())
            return badInput(name + " is no tensor", m_where, hint);
        const at::Tensor& map = value.toTensor();
        if (map.dim() != 4 || map.size(0) != 1 || map.size(1) < 1 || map.size(2) != block.queries ||
            map.size(3) != block.keys)
            return badInput(
                name + " has shape " + shapeOf(map) + ", expected (1, heads, " + tokens + ", " + tokens + ")",
                m_where, hint);
        if (map.layout() != at::kStrided || map.is_quantized() || !at::isFloatingType(map.scalar_type()))
            return badInput(name + " holds no plain floating-point numbers", m_where, hint);
        if (block.heads > 0 && map.size(1) != block.heads)
            return badInput(name + " has " + std::to_string(map.size(1)) + " heads, the ones before it " +
                                std::to_string(block.heads),
                            m_where, "Every layer has to have as many.");
        return {};
    }

    Result<ModelOutput> outputOf(const std::vector<IValue>& maps, const ModelInput& input,
                                 const RunOptions& options, const std::stop_token& stop) const {
        if (maps.empty())
            return badInput("the script returned no attentions", m_where,
                            "It has to return a tuple or list of (1, heads, query, key), one a layer.");
        WeightBlock block;
        block.queries = block.keys = static_cast<int>(input.ids.size());
        for (std::size_t layer = 0; layer < maps.size(); ++layer) {
            if (auto good = checkMap(maps[layer], layer, block); !good) return good.error();
            block.heads =
                static_cast<int>(std::min<std::int64_t>(maps[layer].toTensor().size(1), kMostHeads + 1));
        }
        const bool half = options.precision == Precision::float16;
        if (auto fits = checkShape(static_cast<std::int64_t>(maps.size()), block.heads, block.queries,
                                   block.keys, half ? 2 : 4, m_where);
            !fits)
            return fits.error();
        for (const auto& value : maps) {
            if (stop.stop_requested()) return cancelled();
            const at::Tensor map = value.toTensor().to(at::kCPU, at::kFloat).contiguous();
            const std::span<const float> weights(map.data_ptr<float>(),
                                                 static_cast<std::size_t>(map.numel()));
            auto kept = std::make_shared<DenseLayer>();
            if (half) {
                kept->halves.resize(weights.size());
                halvesFromFloats(weights, kept->halves);
            } else {
                kept->floats.assign(weights.begin(), weights.end());
            }
            block.layers.push_back(std::move(kept));
        }
        return runOf(std::move(block), input, options, stop);
    }

    // What a query may see is guessed as of any map from elsewhere, and said.
    Result<ModelOutput> runOf(WeightBlock block, const ModelInput& input, const RunOptions& options,
                              const std::stop_token& stop) const {
        auto guess = guessVisibility(block, true, stop);
        if (!guess) return guess.error();
        std::vector<int> padding;
        for (std::size_t i = 0; i < input.attentionMask.size(); ++i)
            if (input.attentionMask[i] == 0) padding.push_back(static_cast<int>(i));
        if (!padding.empty()) guess->visibility.setMaskedKeys(std::move(padding));
        const auto kind = guess->visibility.causal() ? AttentionKind::decoder : AttentionKind::encoder;
        const auto findings = inspectWeights(block, guess->visibility, m_where, stop);
        if (!findings) return findings.error();
        ModelOutput output;
        output.notices = std::move(guess->notices);
        for (auto& notice : noticesOf(*findings, kind)) output.notices.push_back(std::move(notice));
        if (options.allLogits)
            output.notices.emplace_back("A script gives attentions only: there are no logits.");
        output.sources.push_back(denseSource(std::move(block), kind, std::move(guess->visibility)));
        return output;
    }

    torch::jit::Module m_module;
    std::vector<Parameter> m_parameters;
    at::Device m_device;
    std::string m_where;
    ModelInfo m_info;
};

}  // namespace

Result<std::shared_ptr<Model>> loadScript(const LoadRequest& request, const std::string& device) {
    const auto& path = *request.folder.script;
    const std::string where = path.string();
    const at::Device place(device);
    Result<std::shared_ptr<Model>> model = cancelled();
    if (auto error = guardScript(
            "the script cannot be loaded", where,
            "It has to be made for LibTorch " TORCH_VERSION " or an older one, with torch.jit.save.", [&] {
                auto module = torch::jit::load(where, place);
                module.eval();
                const auto method = module.find_method("forward");
                if (!method) {
                    model = badInput("the script has no forward", where, "Save a module, not a function.");
                    return;
                }
                auto parameters = parametersOf(method->function().getSchema(), where);
                if (!parameters) {
                    model = parameters.error();
                    return;
                }
                ModelInfo info;
                info.name = request.folder.name;
                info.family = kScriptFamily.modelType;
                info.hasHead = false;
                info.device = device;
                info.dtype = "float32";
                for (const auto& parameter : *parameters)
                    if (parameter.argument == Argument::segments) {
                        info.usesSegments = true;
                        info.segments = 2;
                    }
                std::error_code failure;
                const auto bytes = std::filesystem::file_size(path, failure);
                info.weightBytes = failure ? 0 : static_cast<std::int64_t>(bytes);
                model = std::shared_ptr<Model>(std::make_shared<ScriptModel>(
                    std::move(module), *std::move(parameters), place, where, std::move(info)));
            }))
        return *error;
    return model;
}

}  // namespace attnviz
