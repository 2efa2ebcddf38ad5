#include "ui/widgets/accessible_value.h"

#include <QAccessibleWidget>
#include <QVariant>
#include <QWidget>

namespace attnviz::ui {
namespace {

constexpr const char* kRole = "accessibleRole";
constexpr const char* kValue = "accessibleValue";

class PaintedWidget final : public QAccessibleWidget {
 public:
    using QAccessibleWidget::QAccessibleWidget;
    QString text(QAccessible::Text which) const override {
        if (which == QAccessible::Value) return widget()->property(kValue).toString();
        return QAccessibleWidget::text(which);
    }
};

QAccessibleInterface* interfaceOf(const QString&, QObject* object) {
    auto* widget = qobject_cast<QWidget*>(object);
    const QVariant role = widget ? widget->property(kRole) : QVariant();
    if (!role.isValid()) return nullptr;
    return new PaintedWidget(widget, static_cast<QAccessible::Role>(role.toInt()));
}

}  // namespace

void setAccessibleRole(QWidget& widget, QAccessible::Role role) {
    [[maybe_unused]] static const bool installed = [] {
        QAccessible::installFactory(&interfaceOf);
        return true;
    }();
    widget.setProperty(kRole, static_cast<int>(role));
}

void setAccessibleValue(QWidget& widget, const QString& value) {
    if (widget.property(kValue).toString() == value) return;
    widget.setProperty(kValue, value);
    widget.setAccessibleDescription(value);
    if (!widget.hasFocus()) return;
    QAccessibleValueChangeEvent changed(&widget, value);
    QAccessible::updateAccessibility(&changed);
    QAccessibleEvent described(&widget, QAccessible::DescriptionChanged);
    QAccessible::updateAccessibility(&described);
}

}  // namespace attnviz::ui
